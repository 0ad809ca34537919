# A startup-config with everything that can be wrong: bad lines are skipped, the rest applies.
=== as startup-config
!
version 1.0
hostname Loaded
bogus line
interface GigabitEthernet0/0
 ip address 10.0.0.1 255.255.255.0
 ip adress 10.0.0.2 255.255.255.0
 ip nat inside
!
intrface GigabitEthernet0/1
 ip address 198.51.100.1 255.255.255.0
 shutdown
!
interface GigabitEthernet0/1
description unindented
ip nat outside
ip nat inside source list 1 interface GigabitEthernet0/1 overload
access-list 1 permit 10.0.0.0 0.0.0.255
access-list 1 permit 300.0.0.0
do write erase
ip access-list standard LIST
 permit any
 exit
line vty 0 4
 password x
end
===
Loaded>enable
Loaded#show running-config
Building configuration...

Current configuration : 373 bytes
!
version 1.0
!
hostname Loaded
!
interface GigabitEthernet0/0
 ip address 10.0.0.1 255.255.255.0
 ip nat inside
!
interface GigabitEthernet0/1
 description unindented
 ip nat outside
!
ip nat inside source list 1 interface GigabitEthernet0/1 overload
!
ip access-list standard LIST
 10 permit any
!
access-list 1 permit 10.0.0.0 0.0.0.255
!
line vty 0 4
 password x
!
end

