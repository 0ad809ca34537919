# The program without a terminal.
$ algate -c "show privilege"
Current privilege level is 1
[0]
$ algate -c enable -c "show privilege" -c "conf t" -c "hostname Batch" -c "end" -c "show running-config | include hostname"
Current privilege level is 15
Enter configuration commands, one per line.  End with CNTL/Z.
hostname Batch
[0]
$ algate -c "show nothing"
           ^
% Invalid input detected at '^' marker.

[1]
$ algate -c "configure terminal" -c "enable" -c "show privilege"
      ^
% Invalid input detected at '^' marker.

Current privilege level is 15
[1]
$ algate
< enable
< show privilege
< conf t
< interface eth1
< ip address 10.9.9.9 255.255.255.0
< end
< show run | section interface
Current privilege level is 15
Enter configuration commands, one per line.  End with CNTL/Z.
interface GigabitEthernet0/1
 ip address 10.9.9.9 255.255.255.0
[0]
$ algate
< enable
< copy running-config startup-config
< 
< show startup-config | include hostname
Destination filename [startup-config]? 
Building configuration...
[OK]
hostname Batch
[0]
$ algate
< enable
< copy running-config startup-config
Destination filename [startup-config]? 
Building configuration...
[OK]
[0]
$ algate
< enable
< write erase
< n
< show startup-config | include hostname
Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]
hostname Batch
[0]
$ algate
< enable
< write erase
Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]
[OK]
Erase of nvram: complete
[0]
$ algate -c enable -c "show startup-config"
startup-config is not present
[0]
$ algate -c "show ?"
  clock      Display the system clock
  history    Display the session command history
  ip         IP information
  platform   Platform information
  privilege  Show current privilege level
  version    System hardware and software status
[0]
$ algate -c "show xx?"
% Unrecognized command
[1]
$ algate
< show privilege
< exit
< show privilege
Current privilege level is 1
[0]
$ algate
[0]
